import { BlockList } from "node:net"
import fc from "fast-check"
import { expect, test } from "vitest"
import { AddressList, parseAddress } from "../../src/middleware/address-list.ts"

const mapped = [127, 0, 0, 1]

test.each([
  ["127.0.0.1", mapped],
  ["::ffff:127.0.0.1", mapped],
  ["::FFFF:7f00:1", mapped],
  ["0:0:0:0:0:ffff:127.0.0.1", mapped],
  ["0000:0000:0000:0000:0000:FFFF:7F00:0001", mapped],
  ["::", new Array(16).fill(0)],
  ["::1%eth0", [...new Array(15).fill(0), 1]],
  ["1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
  ["fe80::", [0xfe, 0x80, ...new Array(14).fill(0)]],
])("%s has the bytes %j", (text, bytes) => {
  expect([...(parseAddress(text) as Uint8Array)]).toEqual(bytes)
})

test.each([
  "",
  "10.0.0.256",
  "010.0.0.1",
  "10.0.0",
  "10.0.0.1.",
  " 10.0.0.1",
  "0x7f.0.0.1",
  "2130706433",
  "localhost",
  "[::1]",
  ":::",
  "1::2::3",
  "::ffff:999.0.0.1",
  "١٠.0.0.1",
])("%j is no address", (text) => {
  expect(parseAddress(text)).toBeUndefined()
})

test.each([
  "::ffff:10.0.0.0/8",
  "::ffff:10.0.0.0/95",
  "10.0.0.0/33",
  "10.0.0.0/-1",
  "10.0.0.0/",
  "10.0.0.0/8/8",
  "10.0.0.0/08x",
  "10.0.0.1/8",
  "2001:db8::1/32",
  "fe80::1%eth0",
  "10.0.0.0/255.0.0.0",
  "example.com",
  "",
])("the entry %j is refused", (entry) => {
  expect(() => new AddressList([entry])).toThrow(RangeError)
})

test("a text is refused where a list is wanted", () => {
  expect(() => new AddressList("10.0.0.1")).toThrow(TypeError)
})

test.each([
  ["10.0.0.0/8", "10.255.255.255", true],
  ["10.0.0.0/8", "11.0.0.0", false],
  ["10.0.0.0/8", "::ffff:10.1.1.1", true],
  ["::ffff:10.0.0.0/104", "10.1.1.1", true],
  ["::ffff:10.0.0.0/104", "11.1.1.1", false],
  ["192.168.1.128/25", "192.168.1.127", false],
  ["192.168.1.128/25", "192.168.1.128", true],
  ["0.0.0.0/0", "1.2.3.4", true],
  ["0.0.0.0/0", "::1", false],
  ["::/0", "::1", true],
  ["::/0", "1.2.3.4", false],
  ["2001:db8::/33", "2001:db8:7fff::", true],
  ["2001:db8::/33", "2001:db8:8000::", false],
  ["127.0.0.1", "127.0.0.1", true],
  ["127.0.0.1", "127.0.0.2", false],
])("of %s, %s: %s", (network, address, is) => {
  expect(new AddressList([network]).has(address)).toBe(is)
})

test("networks hold the addresses that net.BlockList finds in them", () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.boolean(), (base, other, prefix, near) => {
      const bytes = (parseAddress(base) as Uint8Array).slice()
      const view = new DataView(bytes.buffer)
      view.setUint32(0, prefix === 0 ? 0 : view.getUint32(0) & (0xffffffff << (32 - prefix)))
      const network = bytes.join(".")
      const address = near ? base : other
      const list = new BlockList()
      list.addSubnet(network, prefix)
      expect(new AddressList([`${network}/${prefix}`]).has(address)).toBe(list.check(address))
    }),
  )
})

test("an IPv6 address is found in every form in which it is written", () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const list = new BlockList()
      list.addAddress(address, "ipv6")
      const own = new AddressList([address])
      expect(own.has(address)).toBe(list.check(address, "ipv6"))
      expect(own.has(address.toUpperCase())).toBe(true)
    }),
  )
})
