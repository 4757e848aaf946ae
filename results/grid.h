#pragma once

#include <string>
#include <vector>

namespace ablate {

/// Texts in rows and columns, for a terminal or for Markdown.
struct Grid {
  struct Column {
    std::string head;
    std::string group;  // columns side by side with the same one stand under it
    bool left = false;  // names to the left, numbers to the right
  };
  struct Cell {
    std::string text;
    std::string mark;  // behind the text, outside its alignment
  };

  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
};

/// Aligned columns between rules.
std::string text_of(const Grid& grid);

/// A pipe table; a group stands before the heads of its columns.
std::string markdown_of(const Grid& grid);

}  // namespace ablate
