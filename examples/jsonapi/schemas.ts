// What is sent and received. Any library will do that speaks Standard Schema and Standard JSON Schema; this one is zod.

import { z } from "zod"
import { readCursor } from "./pagination.ts"

/** PostgreSQL has no NUL in a text; other control characters are of no use in a name either. */
const Text = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^\P{Cc}*$/u)
const Quantity = z.int().min(0).max(1_000_000)

export const NewItem = z.object({
  sku: z.string().regex(/^[A-Z0-9-]{1,20}$/),
  name: Text,
  quantity: Quantity.default(0),
})

export const Item = z.object({ id: z.int(), sku: z.string(), name: z.string(), quantity: z.int(), url: z.string() })

export const ItemList = z.object({ items: z.array(Item) })

export const NewDelivery = z.object({
  supplier: Text,
  lines: z
    .array(z.object({ sku: z.string().max(20), quantity: Quantity.min(1) }))
    .min(1)
    .max(1000),
})

export const Delivery = z.object({ id: z.int(), supplier: z.string(), items: z.array(Item) })

export const Page = z.object({
  limit: z.coerce.number<string>().int().min(1).max(100).default(20),
  after: z
    .string()
    .transform((text, context) => {
      const cursor = readCursor(text)
      if (cursor === undefined) context.addIssue("This is no cursor; follow the link to the next page.")
      return cursor ?? z.NEVER
    })
    .optional(),
})

export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
})
