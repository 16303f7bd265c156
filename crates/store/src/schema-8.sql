-- data.db, version 8: captures signed by their device.

ALTER TABLE counted ADD COLUMN notice BLOB;     -- SHA-256 of the notice that was shown
ALTER TABLE counted ADD COLUMN signature BLOB;  -- the device's, over core::capture's text; NULL: counted before version 8
ALTER TABLE device ADD COLUMN rolled_back INTEGER NOT NULL DEFAULT 0; -- 1: it is stated that its count came again
