#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/array.h"
#include "viz/io/image.h"
#include "viz/training/crops.h"

namespace convlens::viz {

/// What a network that is trained is told of styles: values of the input StyleGraph::style.
class StyleSource {
 public:
  StyleSource() = default;
  virtual ~StyleSource() = default;
  StyleSource(const StyleSource&) = delete;
  StyleSource& operator=(const StyleSource&) = delete;

  /// For the samples first, ..., first + count - 1 of the training.
  virtual Array training_batch(int64_t first, int64_t count) = 0;
  /// For the pictures first, ..., first + count - 1 of a preview, of which picture i is in style i mod
  /// preview_styles().
  virtual Array preview_batch(int64_t first, int64_t count) const = 0;
  virtual int64_t preview_styles() const = 0;
  /// The previews' styles to be seen, size x size pixels; none if they are only numbers.
  virtual std::vector<Image> preview_pictures() const { return {}; }
  /// File -> why it was passed over.
  virtual std::map<std::string, std::string> broken() const { return {}; }
};

/// Styles that a network knows by number: a share of 1 of one of them. Sample i is of style i mod `count`.
class NumberedStyles final : public StyleSource {
 public:
  explicit NumberedStyles(int64_t count) : count_(count) {}

  Array training_batch(int64_t first, int64_t count) override { return preview_batch(first, count); }
  Array preview_batch(int64_t first, int64_t count) const override;
  int64_t preview_styles() const override { return count_; }

 private:
  int64_t count_;
};

/// Pictures of styles: random square parts of a folder's for training, others to look at.
class PicturedStyles final : public StyleSource {
 public:
  /// `unseen`: as the network sees them. Throws InputError for a folder without images.
  PicturedStyles(std::filesystem::path folder, InputSpec input, const CropKeys& keys, std::vector<Image> unseen);

  Array training_batch(int64_t first, int64_t count) override { return crops_.batch(first, count); }
  Array preview_batch(int64_t first, int64_t count) const override;
  int64_t preview_styles() const override { return std::ssize(unseen_); }
  std::vector<Image> preview_pictures() const override { return unseen_; }
  std::map<std::string, std::string> broken() const override { return crops_.broken(); }

 private:
  InputSpec input_;
  Crops crops_;
  std::vector<Image> unseen_;
};

}  // namespace convlens::viz
