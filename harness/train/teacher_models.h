#pragma once

#include <filesystem>
#include <memory>

#include "harness/train/network.h"
#include "harness/train/request.h"
#include "harness/train/task.h"

namespace ablate::training {

/// The teacher as a model of the student's pixels: it resizes them to its own size (bilinear, antialiased)
/// and normalises them for itself. Throws Error when its file cannot be read or does not fit.
std::unique_ptr<Model> load_teacher(const TeacherSource& source, const Task& task);

/// A TorchScript module of images [N, 3, H, W] and logits [N, classes], in evaluation mode. It has no graph,
/// so no taps. Throws Error when the file is none.
std::unique_ptr<Model> load_module(const std::filesystem::path& file, int classes,
                                   Normalisation normalisation);

}  // namespace ablate::training
