CREATE TABLE delivery (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  supplier text NOT NULL,
  came timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE delivery_line (
  delivery_id integer NOT NULL REFERENCES delivery,
  item_id integer NOT NULL REFERENCES item ON DELETE CASCADE,
  quantity integer NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (delivery_id, item_id)
);
