// An import of `node:crypto` would also load web crypto.
const { hash: digest } = /* @__PURE__ */ process.getBuiltinModule('node:crypto')

/** Returns the SHA-256 digest of a text. */
export const hash = (text: string, encoding: 'base64url' | 'hex' = 'base64url'): string =>
  digest('sha256', text, encoding)
