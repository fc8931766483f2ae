// What is said of a key. Apart from keys.ts, whose types are those of Node.

/** A secret key, as text in UTF-8 or as bytes: at least 16 bytes of it. */
export type SecretKey = string | Uint8Array

/** The hash functions of the signature, under the names of Python's hashlib. */
export type DigestMethod = "sha1" | "sha224" | "sha256" | "sha384" | "sha512"

/** How the key of a purpose is made of secret key and salt, under the names of itsdangerous. */
export type KeyDerivation = "django-concat" | "concat" | "hmac" | "none"
