import { describe, expect, test } from "vitest"
import { isSecretName, maskBody, maskCookies, maskCredentials, maskQuery, maskUrl } from "../../src/http/secrets.ts"

describe("secrets", () => {
  test.each([
    ["Authorization", true],
    ["Proxy-Authorization", true],
    ["Cookie", true],
    ["password", true],
    ["user[passwd]", true],
    ["X-Api-Key", true],
    ["apikey", true],
    ["access_token", true],
    ["csrf-token", true],
    ["sessionid", true],
    ["client_secret", true],
    ["name", false],
    ["Accept", false],
    ["path", false],
    ["compass", false],
  ])("the name %s: %s", (name, secret) => {
    expect(isSecretName(name)).toBe(secret)
  })

  test.each([
    ["a=1&password=x&b", "a=1&password=***&b"],
    ["pass%77ord=x", "pass%77ord=***"],
    ["token=a=b&token=", "token=***&token=***"],
    ["%zz=1&secret%ff=2", "%zz=1&secret%ff=***"],
    ["", ""],
  ])("the query %s becomes %s", (query, masked) => {
    expect(maskQuery(query, isSecretName)).toBe(masked)
  })

  test("in URLs, cookies and credentials the rest stays", () => {
    expect(maskUrl("/a?token=1&b=2", isSecretName)).toBe("/a?token=***&b=2")
    expect(maskUrl("/token", isSecretName)).toBe("/token")
    expect(maskCookies("a=1; b=2=3; c")).toBe("a=***; b=***; c")
    expect(maskCredentials("Basic dXNlcg==")).toBe("Basic ***")
    expect(maskCredentials("opaque")).toBe("***")
  })

  test.each<[type: string, body: string, masked: string | undefined]>([
    ["application/x-www-form-urlencoded", "password=x", "password=***"],
    [
      "Application/JSON; charset=utf-8",
      '{"user":{"password":"x","tokens":[1]},"a":1}',
      '{"user":{"password":"***","tokens":"***"},"a":1}',
    ],
    ["application/vnd.api+json", '{ "a" : 1 }', '{ "a" : 1 }'],
    ["application/json", '{"password":"x', undefined],
    ["application/json", "", ""],
    ["text/plain", "password=x", "password=x"],
    ["", "password=x", "password=x"],
    ["multipart/form-data", "password=x", undefined],
    [
      'multipart/form-data; boundary="b"',
      '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nx\r\ny\r\n--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n',
      '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n***\r\n--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n',
    ],
  ])("a body of type %s", (type, body, masked) => {
    expect(maskBody(body, type, isSecretName)).toBe(masked)
  })
})
