#include "benchmarks/kernel_bench/conv2d_text.h"

#include <map>
#include <regex>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "kernels/base/params.h"

namespace convlens::bench {
namespace {

std::map<char, int64_t> numbers_of(const std::string& text) {
  static const std::regex pair("([a-z])([0-9]{1,9})");
  static const std::string known = "nchwkrspudgb";
  std::map<char, int64_t> numbers;
  for (std::sregex_iterator it(text.begin(), text.end(), pair), end; it != end; ++it) {
    const char letter = (*it)[1].str()[0];
    if (known.find(letter) == std::string::npos || !numbers.emplace(letter, std::stoll((*it)[2])).second)
      throw InputError("'" + text + "': each of the letters " + known + " may occur once, and no other; found '" +
                       std::string(1, letter) + "'");
  }
  for (const char letter : std::string("chkr"))
    if (!numbers.contains(letter))
      throw InputError("'" + text + "': the letter '" + std::string(1, letter) + "' with its number is missing");
  return numbers;
}

}  // namespace

bool is_conv2d_text(const std::string& text) { return std::regex_match(text, std::regex("([a-z][0-9]{1,9})+")); }

OperatorCase conv2d_from_text(const std::string& text) {
  const auto numbers = numbers_of(text);
  const auto number = [&](char letter, int64_t otherwise) {
    const auto it = numbers.find(letter);
    return it == numbers.end() ? otherwise : it->second;
  };
  const int64_t h = numbers.at('h'), r = numbers.at('r');
  OperatorCase c{.op = "conv2d", .name = text, .params = operator_by_name("conv2d").new_params()};
  c.inputs = {{number('n', 1), numbers.at('c'), h, number('w', h)}};
  const Json params{{"out_channels", numbers.at('k')}, {"kernel_size", {r, number('s', r)}}, {"stride", number('u', 1)},
                    {"padding", number('p', 0)},       {"dilation", number('d', 1)},         {"groups", number('g', 1)},
                    {"bias", number('b', 1) != 0}};
  read_params(*c.params, params, "'" + text + "'", "params");
  return c;
}

}  // namespace convlens::bench
