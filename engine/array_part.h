#pragma once

#include "engine/array.h"
#include "kernels/base/region.h"

namespace convlens {

/// The part of an array N x C x H x W that lies in `region` of its maps.
Array part_of(const Array& array, const Region& region);

/// Adds N x C x h x w to that part.
void add_to_part(const Array& part, const Region& region, Array& array);

}  // namespace convlens
