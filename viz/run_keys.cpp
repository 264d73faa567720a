#include "viz/run_keys.h"

#include "kernels/base/params.h"

namespace convlens::viz {

void RunKeys::describe(ParamVisitor& v) {
  v.field({.name = "algorithm", .doc = "what to do: `viz_run --list` names them", .required = true}, algorithm);
  v.field({.name = "model", .doc = "folder of the model (model.json and model.bin)", .required = true}, model);
  v.field({.name = "image", .doc = "photo to look at: JPEG, PNG or BMP"}, image);
  v.field({.name = "out", .doc = "folder for the results; by default out/ and the configuration's name"}, out);
  v.choice({.name = "device", .doc = "what computes; auto: cuda where there is one, else cpu"}, device,
           {"auto", "cpu", "cuda", "simt", "reference"});
  v.choice(
      {.name = "precision",
       .doc =
           "strict: what rounds no more than a plain sum of all products, a relative error up to 5e-6; standard: "
           "up to 1e-5, such as Winograd's F(4x4, 3x3) and F(6x6, 3x3); half: up to 1e-3, such as weights of 16 bits "
           "in linear layers, which are read in half of the time; bf16: up to 1e-2, such as convolutions of "
           "bfloat16 where the processor has such arithmetic"},
      most_error, {{"strict", 5e-6}, {"standard", 1e-5}, {"half", 1e-3}, {"bf16", 1e-2}});
  v.field({.name = "threads", .doc = "of the CPU; 0: one per core", .min = 0, .max = 1024}, threads);
  v.field({.name = "seed", .doc = "of all random numbers", .min = 0}, seed);
  v.field({.name = "size",
           .doc = "[height, width] at which the network sees the image; by default its own",
           .min = 1,
           .max = 16384},
          size);
}

}  // namespace convlens::viz
