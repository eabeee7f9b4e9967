/** The minimum length of a secret: shorter ones would also be found in the middle of ordinary words. */
const MIN_SECRET_LENGTH = 8

/**
 * Removes secrets from texts that are written to files. Errors of providers and gateways may repeat parts of the
 * request.
 * @returns a function that removes the secrets from plain text or JSON
 */
export function secretsRemover(apiKey: string, baseURL: string | undefined): (text: string) => string {
  const secrets = [apiKey, ...secretsOf(baseURL)]
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
  return (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, '…'), text)
}

function secretsOf(url: string | undefined): string[] {
  if (url === undefined) return []
  const { password, searchParams } = new URL(url)
  const values = [...searchParams.values()]
  return [password, decodeURIComponent(password), ...values, ...values.map(encodeURIComponent)]
}
