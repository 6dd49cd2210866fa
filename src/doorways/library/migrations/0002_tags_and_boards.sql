-- Words that a painting is marked with, and boards that it hangs on.
CREATE TABLE tags (
  painting TEXT NOT NULL REFERENCES paintings (id) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (painting, tag)
) WITHOUT ROWID;

CREATE TABLE boards (
  painting TEXT NOT NULL REFERENCES paintings (id) ON DELETE CASCADE,
  board TEXT NOT NULL,
  PRIMARY KEY (painting, board)
) WITHOUT ROWID;

CREATE INDEX tags_tag ON tags (tag, painting);
CREATE INDEX boards_board ON boards (board, painting);
