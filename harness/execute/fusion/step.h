#pragma once

#include <vector>

#include "harness/execute/fusion/layout.h"

namespace ablate::fusion {

class Work;

/// One computation of a layout: reads views, writes one or more, and in the backward pass gives what it reads
/// its part of the gradient.
class Step {
 public:
  Step(std::vector<View> reads, std::vector<View> writes)
      : reads_(std::move(reads)), writes_(std::move(writes)) {}
  virtual ~Step() = default;
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  virtual void forward(Work& work) const = 0;
  virtual void backward(Work& work) const = 0;

  /// forward(), but its output goes to the channels of `to` in turn with those of `first`, which come first.
  /// False, with nothing done, when it does not do that.
  virtual bool forward_in_turn(Work& /*work*/, const View& /*first*/, const View& /*to*/) const {
    return false;
  }

  /// True when it can apply BatchNorm (with running statistics) and activation before it stores.
  virtual bool can_finish() const { return false; }
  /// True when LibTorch's operations compute it.
  virtual bool is_library() const { return false; }

  const std::vector<View>& reads() const { return reads_; }
  const std::vector<View>& writes() const { return writes_; }

 protected:
  const View& in(std::size_t i = 0) const { return reads_[i]; }
  const View& out() const { return writes_[0]; }

 private:
  std::vector<View> reads_, writes_;
};

}  // namespace ablate::fusion
