// As much of NVIDIA's driver as libconvlens asks before it loads the device cuda.

extern "C" int cuInit(unsigned) { return 0; }

extern "C" int cuDeviceGetCount(int* count) {
  *count = GPUS;
  return 0;
}
