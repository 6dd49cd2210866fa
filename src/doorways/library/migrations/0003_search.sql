-- Full-text search over prompts and notes; accents do not matter.
CREATE VIRTUAL TABLE search USING fts5 (
  prompts, note, content = 'paintings', content_rowid = 'number', tokenize = "unicode61 remove_diacritics 2"
);

CREATE TRIGGER search_added AFTER INSERT ON paintings BEGIN
  INSERT INTO search (rowid, prompts, note) VALUES (new.number, new.prompts, new.note);
END;

CREATE TRIGGER search_deleted AFTER DELETE ON paintings BEGIN
  INSERT INTO search (search, rowid, prompts, note) VALUES ('delete', old.number, old.prompts, old.note);
END;

CREATE TRIGGER search_changed AFTER UPDATE OF prompts, note ON paintings
WHEN old.prompts IS NOT new.prompts OR old.note IS NOT new.note BEGIN
  INSERT INTO search (search, rowid, prompts, note) VALUES ('delete', old.number, old.prompts, old.note);
  INSERT INTO search (rowid, prompts, note) VALUES (new.number, new.prompts, new.note);
END;

INSERT INTO search (search) VALUES ('rebuild');
