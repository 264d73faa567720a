#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

namespace convlens::test {

struct Outcome {
  int code;
  std::string output;  ///< both streams
};

inline Outcome run_program(const std::string& program, const std::string& arguments) {
  FILE* pipe = popen((program + " " + arguments + " 2>&1").c_str(), "r");
  std::string output;
  for (std::array<char, 4096> part; std::fgets(part.data(), part.size(), pipe);) output += part.data();
  return {WEXITSTATUS(pclose(pipe)), output};
}

}  // namespace convlens::test
