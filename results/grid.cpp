#include "results/grid.h"

#include <algorithm>

#include "results/text.h"

namespace ablate {
namespace {

constexpr std::size_t kGap = 2, kGroupGap = 3;

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  while (times-- > 0) all += text;
  return all;
}

std::string padded(const std::string& text, std::size_t width, bool left) {
  const std::string space(width - std::min(width, display_width(text)), ' ');
  return left ? text + space : space + text;
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

/// Where everything stands in a text grid.
class TextLayout {
 public:
  explicit TextLayout(const Grid& grid) : grid_(grid) {
    const auto n = grid.columns.size();
    texts_.resize(n), marks_.resize(n), gaps_.resize(n, kGap);
    for (std::size_t i = 0; i < n; ++i) {
      for (const auto& row : grid.rows) {
        texts_[i] = std::max(texts_[i], display_width(row[i].text));
        marks_[i] = std::max(marks_[i], display_width(row[i].mark));
      }
      const auto head = display_width(grid.columns[i].head);
      texts_[i] = std::max(texts_[i], head - std::min(head, marks_[i]));
      if (i == 0)
        gaps_[i] = 0;
      else if (grid.columns[i].group != grid.columns[i - 1].group)
        gaps_[i] = kGroupGap;
    }
    for (std::size_t i = 0; i < n;) {  // a group's name may be wider than its columns
      const auto end = group_end(i);
      const auto name = display_width(grid.columns[i].group);
      if (const auto has = width(i, end); name > has) texts_[end - 1] += name - has;
      i = end;
    }
  }

  std::string groups() const {
    std::string line;
    for (std::size_t i = 0; i < grid_.columns.size();) {
      const auto end = group_end(i);
      const auto& name = grid_.columns[i].group;
      const auto left = (width(i, end) - display_width(name)) / 2;
      line += std::string(gaps_[i], ' ') + padded(std::string(left, ' ') + name, width(i, end), true);
      i = end;
    }
    return trimmed(line);
  }

  std::string group_rules() const {
    std::string line;
    for (std::size_t i = 0; i < grid_.columns.size();) {
      const auto end = group_end(i);
      line +=
          std::string(gaps_[i], ' ') + repeated(grid_.columns[i].group.empty() ? " " : "─", width(i, end));
      i = end;
    }
    return trimmed(line);
  }

  std::string heads() const {
    std::string line;
    for (std::size_t i = 0; i < grid_.columns.size(); ++i)
      line += std::string(gaps_[i], ' ') +
              padded(grid_.columns[i].head, texts_[i] + marks_[i], grid_.columns[i].left);
    return trimmed(line);
  }

  std::string row(const std::vector<Grid::Cell>& cells) const {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i)
      line += std::string(gaps_[i], ' ') + padded(cells[i].text, texts_[i], grid_.columns[i].left) +
              padded(cells[i].mark, marks_[i], true);
    return trimmed(line);
  }

  std::string rule() const { return repeated("─", width(0, grid_.columns.size())) + "\n"; }

 private:
  std::size_t group_end(std::size_t begin) const {
    auto end = begin + 1;
    while (end < grid_.columns.size() && grid_.columns[end].group == grid_.columns[begin].group) ++end;
    return end;
  }

  std::size_t width(std::size_t begin, std::size_t end) const {
    std::size_t sum = 0;
    for (auto i = begin; i < end; ++i) sum += texts_[i] + marks_[i] + (i > begin ? gaps_[i] : 0);
    return sum;
  }

  const Grid& grid_;
  std::vector<std::size_t> texts_, marks_, gaps_;
};

std::string markdown_cell(const std::string& text) {
  std::string escaped;
  for (char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return " " + escaped + " |";
}

}  // namespace

std::string text_of(const Grid& grid) {
  if (grid.columns.empty()) return "";
  const TextLayout layout(grid);
  const bool grouped =
      std::any_of(grid.columns.begin(), grid.columns.end(), [](const auto& c) { return !c.group.empty(); });
  std::string text = layout.rule();
  if (grouped) text += layout.groups() + layout.group_rules();
  text += layout.heads() + layout.rule();
  for (const auto& row : grid.rows) text += layout.row(row);
  return text + layout.rule();
}

std::string markdown_of(const Grid& grid) {
  std::string heads = "|", rule = "|", rows;
  for (const auto& column : grid.columns) {
    heads += markdown_cell(column.group.empty() ? column.head : column.group + ": " + column.head);
    rule += column.left ? ":---|" : "---:|";
  }
  for (const auto& row : grid.rows) {
    rows += "|";
    for (const auto& cell : row) rows += markdown_cell(cell.text + cell.mark);
    rows += "\n";
  }
  return heads + "\n" + rule + "\n" + rows;
}

}  // namespace ablate
