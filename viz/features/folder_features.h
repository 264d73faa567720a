#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "viz/features/feature_store.h"
#include "viz/features/rows.h"
#include "viz/scan/folder_scan.h"

namespace convlens::viz {

/// The keys of every algorithm that compares a folder's images by their features.
struct FeatureKeys {
  FolderKeys folder;
  std::string layer;
  std::filesystem::path store;

  void describe(ParamVisitor& v);

  /// The layer whose value is an image's features; by default what the last fully connected layer is fed with. Throws
  /// InputError with the nearest names.
  std::string feature_layer(const Model& model) const;
};

/// A request for batches of the folder's images in which the features are observed.
PlanRequest feature_request(const Run& run, const FeatureKeys& keys);

/// The features of a folder's images, which lie in a store.
struct FolderFeatures {
  std::vector<std::filesystem::path> files;  ///< those that could be read, as list_images orders them
  std::vector<int64_t> row;                  ///< of each, in the store
  std::unique_ptr<FeatureStore> store;

  Rows rows(int64_t width) const;
};

/// Brings the store up to date with the folder, by scanning what it does not know yet, and reports broken files.
/// `session` is of feature_request. Throws InputError when the store is of another model, layer or size.
FolderFeatures folder_features(Run& run, Session& session, const FeatureKeys& keys);

}  // namespace convlens::viz
