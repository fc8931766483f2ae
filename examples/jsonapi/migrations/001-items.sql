CREATE TABLE item (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sku text NOT NULL UNIQUE,
  name text NOT NULL,
  quantity integer NOT NULL CHECK (quantity >= 0),
  version integer NOT NULL DEFAULT 1
);

-- The order that pages are in.
CREATE INDEX item_by_name ON item (name, id);
