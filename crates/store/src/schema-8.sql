-- data.db, version 8: which log was published, besides how long it was.

ALTER TABLE ledger_head ADD COLUMN root BLOB; -- of the tree of `size` leaves; NULL: not learnt yet
