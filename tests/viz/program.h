#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace convlens::test {

/// What a program ended with, and what it said on both streams.
struct ProgramOutcome {
  int code;
  std::string output;
};

/// Runs a line of the shell in a folder, with $VIZ_RUN as viz_run. What its user has measured does not count.
inline ProgramOutcome run_program(const std::filesystem::path& folder, const std::string& line) {
  const std::string command =
      "cd '" + folder.string() + "' && export XDG_CACHE_HOME=cache VIZ_RUN='" VIZ_RUN "' && { " + line + "; } 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  for (int c; (c = std::fgetc(pipe)) != EOF;) output += static_cast<char>(c);
  return {WEXITSTATUS(pclose(pipe)), output};
}

/// All of a file.
inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Runs viz_run with these arguments in a folder, and ends it by SIGTERM, which takes the way of Ctrl-C, as soon as
/// there is `file`. `by`: what starts it, if anything does, and is sent the signal.
inline ProgramOutcome end_program_at(const std::filesystem::path& file, const std::filesystem::path& folder,
                                     const std::string& arguments, const std::string& by = "") {
  return run_program(folder, by + "\"$VIZ_RUN\" " + arguments + " & program=$!; while kill -0 $program && [ ! -e '" +
                                 file.string() + "' ]; do sleep 0.01; done; kill $program; wait $program");
}

}  // namespace convlens::test
