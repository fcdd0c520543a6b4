"""How results, progress and questions reach people and programs: the only owner of the terminal."""
