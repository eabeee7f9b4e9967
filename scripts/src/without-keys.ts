/** What a reader has who has set up nothing: no key of any provider. */
export function withoutKeys(): NodeJS.ProcessEnv {
  const secret = /(_API_KEY|_TOKEN|_SECRET)$|^OPENAI_/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !secret.test(name)))
}
