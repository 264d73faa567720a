#pragma once

#include <array>
#include <cstddef>
#include <utility>

namespace convlens {

/// Winograd's minimal filtering F(r, taps) as Cook and Toom derive it: the polynomials of tile and filter are
/// multiplied by their values at the points 0, +-p_1 .. +-p_P and infinity, which gives r = 2 P + 3 - taps outputs of a
/// tile of 2 P + 2 for as many products (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016;
/// Blahut, "Fast Algorithms for Signal Processing", 2010, section 5.4). Points in pairs halve the additions: rows of
/// B^T and A^T for +-p differ in the sign of their odd part alone.
///
/// With M(x) = x prod (x^2 - p_i^2), a row of B^T has the coefficients of M(x) / (x - p), for infinity those of M(x);
/// a row of G the powers of p over the value of M(x) / (x - p) at p.
template <size_t pair_count, std::array<float, pair_count> p, size_t tap_count = 3>
struct WinogradPoints {
  static constexpr size_t pairs = pair_count, tile = 2 * pairs + 2, taps = tap_count, outputs = tile + 1 - taps;

  /// Coefficients of prod over j != left_out of (x^2 - p_j^2) in x^2, the constant first.
  static constexpr std::array<float, pairs + 1> product(size_t left_out) {
    std::array<double, pairs + 1> result{1};
    size_t degree = 0;
    for (size_t j = 0; j < pairs; ++j) {
      if (j == left_out) continue;
      const double square = static_cast<double>(p[j]) * p[j];
      for (size_t k = ++degree; k > 0; --k) result[k] = result[k - 1] - square * result[k];
      result[0] *= -square;
    }
    std::array<float, pairs + 1> rounded{};
    for (size_t k = 0; k <= pairs; ++k) rounded[k] = static_cast<float>(result[k]);
    return rounded;
  }

  /// B^T x of one line of a tile. Elements are numbers or vectors of them.
  template <class T>
  [[gnu::always_inline]] static inline void input(const std::array<T, tile>& x, std::array<T, tile>& v) {
    constexpr auto all = product(pairs);
    v[0] = x[tile - 2], v[tile - 1] = x[tile - 1];
#pragma GCC unroll 4
    for (size_t k = 0; k < pairs; ++k) v[0] += all[k] * x[2 * k], v[tile - 1] += all[k] * x[2 * k + 1];
    input_pairs(x, v, std::make_index_sequence<pairs>{});
  }

  /// G g of one line of a filter.
  template <class T>
  [[gnu::always_inline]] static inline void filter(const std::array<T, taps>& g, std::array<T, tile>& u) {
    constexpr float first = 1 / product(pairs)[0];
    u[0] = g[0] * first;
    u[tile - 1] = g[taps - 1];
    filter_pairs(g, u, std::make_index_sequence<pairs>{});
  }

  /// A^T m of one line of products.
  template <class T>
  [[gnu::always_inline]] static inline void output(const std::array<T, tile>& m, std::array<T, outputs>& y) {
    std::array<T, pairs> sum, difference;
#pragma GCC unroll 4
    for (size_t i = 0; i < pairs; ++i) {
      sum[i] = m[2 * i + 1] + m[2 * i + 2];
      difference[i] = m[2 * i + 1] - m[2 * i + 2];
    }
    y[0] = m[0] + sum[0];
#pragma GCC unroll 4
    for (size_t i = 1; i < pairs; ++i) y[0] += sum[i];
    output_powers(sum, difference, y, std::make_index_sequence<outputs - 1>{});
    y[outputs - 1] += m[tile - 1];
  }

 private:
  static constexpr float power(size_t i, size_t exponent) {
    float result = 1;
    while (exponent-- > 0) result *= p[i];
    return result;
  }

  /// G's row for p_i; that for -p_i differs in the signs of odd powers.
  static constexpr std::array<float, taps> filter_row(size_t i) {
    const auto others = product(i);
    float value = 0;
    for (size_t k = 0; k < pairs; ++k) value += others[k] * power(i, 2 * k);
    std::array<float, taps> row{};
    for (size_t k = 0; k < taps; ++k) row[k] = power(i, k) / (2 * power(i, 2) * value);
    return row;
  }

  template <class T, size_t... i>
  [[gnu::always_inline]] static inline void filter_pairs(const std::array<T, taps>& g, std::array<T, tile>& u,
                                                         std::index_sequence<i...>) {
    (filter_pair<i>(g, u), ...);
  }

  template <size_t i, class T>
  [[gnu::always_inline]] static inline void filter_pair(const std::array<T, taps>& g, std::array<T, tile>& u) {
    constexpr auto row = filter_row(i);
    T even = row[0] * g[0], odd = row[1] * g[1];
#pragma GCC unroll 4
    for (size_t k = 2; k < taps; ++k) (k % 2 == 0 ? even : odd) += row[k] * g[k];
    u[2 * i + 1] = even + odd, u[2 * i + 2] = even - odd;
  }

  template <class T, size_t... i>
  [[gnu::always_inline]] static inline void input_pairs(const std::array<T, tile>& x, std::array<T, tile>& v,
                                                        std::index_sequence<i...>) {
    (input_pair<i>(x, v), ...);
  }

  template <size_t i, class T>
  [[gnu::always_inline]] static inline void input_pair(const std::array<T, tile>& x, std::array<T, tile>& v) {
    constexpr auto others = product(i);
    T even = x[tile - 2], odd = x[tile - 3];
#pragma GCC unroll 4
    for (size_t k = 0; k + 1 < pairs; ++k) even += others[k] * x[2 * k + 2], odd += others[k] * x[2 * k + 1];
    v[2 * i + 1] = even + p[i] * odd, v[2 * i + 2] = even - p[i] * odd;
  }

  template <class T, size_t... k>
  [[gnu::always_inline]] static inline void output_powers(const std::array<T, pairs>& sum,
                                                          const std::array<T, pairs>& difference,
                                                          std::array<T, outputs>& y, std::index_sequence<k...>) {
    (output_power<k + 1>((k + 1) % 2 == 0 ? sum : difference, y), ...);
  }

  template <size_t k, class T>
  [[gnu::always_inline]] static inline void output_power(const std::array<T, pairs>& terms, std::array<T, outputs>& y) {
    y[k] = power(0, k) * terms[0];
#pragma GCC unroll 4
    for (size_t i = 1; i < pairs; ++i) y[k] += power(i, k) * terms[i];
  }
};

}  // namespace convlens
