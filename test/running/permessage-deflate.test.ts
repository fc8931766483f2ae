import fc from "fast-check"
import { expect, test } from "vitest"
import { deflateOffer } from "../../src/running/permessage-deflate.ts"

test.each([
  [undefined, undefined],
  ["", undefined],
  ["x-webkit-deflate-frame", undefined],
  ["permessage-deflate", "permessage-deflate"],
  ["PerMessage-Deflate;Client_Max_Window_Bits", "permessage-deflate; client_max_window_bits"],
  ['permessage-deflate; client_max_window_bits = "10"', "permessage-deflate; client_max_window_bits=10"],
  ["permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15"],
  [
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
  ],
  ["permessage-deflate; server_max_window_bits", undefined],
  ["permessage-deflate; server_max_window_bits=8", undefined],
  ["permessage-deflate; server_max_window_bits=16", undefined],
  ["permessage-deflate; server_max_window_bits=09", undefined],
  ["permessage-deflate; client_max_window_bits=7", undefined],
  ["permessage-deflate; server_no_context_takeover=1", undefined],
  ["permessage-deflate; client_max_window_bits; client_max_window_bits=9", undefined],
  ["permessage-deflate; __proto__", undefined],
  ["permessage-deflate;", undefined],
  [
    "permessage-deflate; unknown, permessage-deflate; client_max_window_bits",
    "permessage-deflate; client_max_window_bits",
  ],
])("of %j is %j", (extensions, offer) => {
  expect(deflateOffer(extensions)).toBe(offer)
})

test("any text is an offer or none, and what comes out stays as it is", () => {
  const piece = fc.constantFrom("permessage-deflate", ";", ",", "=", '"', " ", "client_max_window_bits", "9", "x")
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const offer = deflateOffer(pieces.join(""))
      if (offer !== undefined) expect(deflateOffer(offer)).toBe(offer)
    }),
  )
})
