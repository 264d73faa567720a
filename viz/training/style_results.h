#pragma once

#include <filesystem>
#include <vector>

#include "viz/io/report.h"
#include "viz/output_folder.h"
#include "viz/training/style_trainer.h"

namespace convlens::viz {

/// All images of a folder as the network sees them, size x size pixels.
std::vector<Image> read_photos(const std::filesystem::path& folder, const InputSpec& input, int64_t size);

/// The hash of each picture's numbers.
Json hashes_of(const std::vector<Image>& pictures);

std::string hash_of(const Model& model);

/// The page of a finished training: its curves, the terms before and after, the previews, which are saved as well.
Section results(const std::string& command, const std::string& summary, const StyleTrainer& trainer,
                OutputFolder& folder);

/// The curves for run.json.
Json record(const StyleTrainer& trainer);

}  // namespace convlens::viz
