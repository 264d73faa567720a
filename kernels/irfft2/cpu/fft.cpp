// Columns, then rows, each by Eigen's fast transform (kissfft), which gives the half spectrum of real numbers and takes
// it, for the other half too: forward the weights are those of single frequencies.

#include <complex>
#include <unsupported/Eigen/FFT>
#include <vector>

#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/irfft2/irfft2.h"

namespace convlens {
namespace {

using Complex = std::complex<float>;

// One thread's transforms of any size, without any factor; it keeps its plans. Eigen's are not for a single number.
class Fourier {
 public:
  Fourier() {
    fft_.SetFlag(Eigen::FFT<float>::Unscaled);
    fft_.SetFlag(Eigen::FFT<float>::HalfSpectrum);
  }
  void forward(const Complex* from, Complex* to, int64_t size) {
    size > 1 ? fft_.fwd(to, from, size) : void(*to = *from);
  }
  void forward(const float* from, Complex* to, int64_t size) {
    size > 1 ? fft_.fwd(to, from, size) : void(*to = *from);
  }
  void inverse(const Complex* from, Complex* to, int64_t size) {
    size > 1 ? fft_.inv(to, from, size) : void(*to = *from);
  }
  void inverse(const Complex* from, float* to, int64_t size) {
    size > 1 ? fft_.inv(to, from, size) : void(*to = from->real());
  }

  std::vector<Complex> column, transformed;

 private:
  Eigen::FFT<float> fft_;
};

Fourier& fourier_of_thread() {
  thread_local Fourier fourier;
  return fourier;
}

class Transform : public Kernel {
 public:
  Transform(const Problem& problem, Pass pass)
      : channels_(problem.output.shape.c()),
        planes_(problem.output.shape.n() * channels_),
        height_(problem.output.shape.h()),
        width_(problem.output.shape.w()),
        columns_(problem.inputs[0].shape.w()) {
    const SpectrumWeights weights(problem.params_as<Irfft2Params>(), height_);
    for (int64_t h = 0; h < height_; ++h)
      for (int64_t k = 0; k < columns_; ++k)
        weights_.push_back(static_cast<float>(pass == Pass::forward ? weights.each(h, k) : weights(h, k)));
  }

  // The rows' spectra: planes x height x columns.
  size_t workspace() const override { return static_cast<size_t>(planes_ * height_ * columns_) * sizeof(Complex); }

 protected:
  // Where in the spectrum a plane's real parts begin; its imaginary parts lie `imaginary()` further.
  int64_t real(int64_t plane) const { return (plane / channels_ * channels_ + plane) * height_ * columns_; }
  int64_t imaginary() const { return channels_ * height_ * columns_; }

  // Calls body(plane, k, the thread's transforms) for every column, neighbours on the same thread.
  template <class Body>
  void for_each_column(const Body& body) const {
    parallel_for(planes_ * columns_, [&](int64_t i) {
      Fourier& fourier = fourier_of_thread();
      fourier.column.resize(static_cast<size_t>(height_));
      fourier.transformed.resize(static_cast<size_t>(height_));
      body(i / columns_, i % columns_, fourier);
    });
  }

  // Calls body(row of all planes, the thread's transforms).
  template <class Body>
  void for_each_row(const Body& body) const {
    parallel_for(planes_ * height_, [&](int64_t i) { body(i, fourier_of_thread()); });
  }

  int64_t channels_, planes_, height_, width_, columns_;
  std::vector<float> weights_;  // height x columns
};

class Forward final : public Transform {
 public:
  explicit Forward(const Problem& problem) : Transform(problem, Pass::forward) {}
  void run(const Arguments& args) override {
    auto* rows = reinterpret_cast<Complex*>(args.workspace);
    for_each_column([&](int64_t plane, int64_t k, Fourier& fourier) {
      const float* z = args.inputs[0].f32() + real(plane) + k;
      for (int64_t h = 0; h < height_; ++h) {
        const int64_t i = h * columns_;
        fourier.column[h] = weights_[i + k] * Complex(z[i], z[i + imaginary()]);
      }
      fourier.inverse(fourier.column.data(), fourier.transformed.data(), height_);
      for (int64_t p = 0; p < height_; ++p) rows[(plane * height_ + p) * columns_ + k] = fourier.transformed[p];
    });
    for_each_row([&](int64_t row, Fourier& fourier) {
      fourier.inverse(rows + row * columns_, args.output.f32() + row * width_, width_);
    });
  }
};

class BackwardData final : public Transform {
 public:
  explicit BackwardData(const Problem& problem) : Transform(problem, Pass::backward_data) {}
  void run(const Arguments& args) override {
    auto* rows = reinterpret_cast<Complex*>(args.workspace);
    for_each_row([&](int64_t row, Fourier& fourier) {
      fourier.forward(args.grad_output.f32() + row * width_, rows + row * columns_, width_);
    });
    for_each_column([&](int64_t plane, int64_t k, Fourier& fourier) {
      for (int64_t p = 0; p < height_; ++p) fourier.column[p] = rows[(plane * height_ + p) * columns_ + k];
      fourier.forward(fourier.column.data(), fourier.transformed.data(), height_);
      float* grad_z = args.grad_inputs[0].f32() + real(plane) + k;
      for (int64_t h = 0; h < height_; ++h) {
        const int64_t i = h * columns_;
        grad_z[i] = weights_[i + k] * fourier.transformed[h].real();
        grad_z[i + imaginary()] = weights_[i + k] * fourier.transformed[h].imag();
      }
    });
  }
};

IoLayout layouts(const Problem&) { return {Layout::nchw, Layout::nchw}; }

template <class T>
Variant variant(Pass pass) {
  return {
      .name = "fft", .device = Device::cpu, .pass = pass, .layouts = layouts, .prepare = [](const Problem& problem) {
        return std::make_unique<T>(problem);
      }};
}

const RegisterVariant registered_forward("irfft2", variant<Forward>(Pass::forward));
const RegisterVariant registered_backward_data("irfft2", variant<BackwardData>(Pass::backward_data));

}  // namespace
}  // namespace convlens
