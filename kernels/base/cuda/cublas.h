#pragma once

#include <cublas_v2.h>

namespace convlens {

/// cuBLAS on the device's stream.
cublasHandle_t cublas_handle();

/// Throws InternalError with cuBLAS's word for the error.
void check(cublasStatus_t status);

}  // namespace convlens
