#include "viz/versions.h"

#include <oneapi/dnnl/dnnl.h>

#include "kernels/base/instructions.h"
#include "kernels/base/json.h"

namespace convlens::viz {

Json versions() {
  const dnnl_version_t* onednn = dnnl_version();
  return {{"version", CONVLENS_VERSION},
          {"compiler", __VERSION__},
          {"instructions", instructions()},
          {"onednn",
           std::to_string(onednn->major) + "." + std::to_string(onednn->minor) + "." + std::to_string(onednn->patch)}};
}

}  // namespace convlens::viz
