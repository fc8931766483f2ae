// A delivery adds to several items: to all of them, or to none.

import { Response } from "werkstatt"
import { query } from "./database.ts"
import { asJson, type ItemRow } from "./items.ts"
import { operation } from "./operation.ts"
import { Invalid } from "./problems.ts"
import { Delivery, NewDelivery } from "./schemas.ts"

const ADD = `
  WITH changed AS (
    UPDATE item SET quantity = quantity + $3, version = version + 1 WHERE sku = $2 RETURNING *
  ), line AS (
    INSERT INTO delivery_line (delivery_id, item_id, quantity) SELECT $1, id, $3 FROM changed
  )
  SELECT * FROM changed`

const create = operation(
  { summary: "A delivery, which adds to the stock", body: NewDelivery, status: 201, answer: Delivery },
  async (request, _values: object, { body: { supplier, lines } }) => {
    const [delivery] = await query<{ id: number }>("INSERT INTO delivery (supplier) VALUES ($1) RETURNING id", supplier)
    const items: object[] = []
    // In one order everywhere: two deliveries of the same items wait for each other, and not each for the other.
    const sorted = [...lines.entries()].sort(([, one], [, other]) => (one.sku < other.sku ? -1 : 1))
    const seen = new Set<string>()
    for (const [index, { sku, quantity }] of sorted) {
      if (seen.has(sku)) throw new Invalid([{ message: `${sku} stands twice.`, path: ["lines", index, "sku"] }])
      seen.add(sku)
      const [row] = await query<ItemRow>(ADD, delivery?.id, sku, quantity)
      // What was done so far is rolled back.
      if (row === undefined) throw new Invalid([{ message: `There is no item ${sku}.`, path: ["lines", index, "sku"] }])
      items.push(asJson(row, request))
    }
    return Response.json({ id: delivery?.id, supplier, items }, { status: 201 })
  },
)

export const deliveryViews = { create }
