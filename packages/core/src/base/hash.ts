// An import of `node:crypto` would also load web crypto.
export const { hash: sha256 } = /* @__PURE__ */ process.getBuiltinModule('node:crypto')

/** Returns the SHA-256 digest of a text, in base64url. */
export const hash = (text: string): string => sha256('sha256', text, 'base64url')
