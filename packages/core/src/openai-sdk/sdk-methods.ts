/** Methods of the SDK's client that may take part in a request, as they are without hooks. */
export interface SdkMethods {
  /** As a client of Harbor's class has them. */
  readonly ofClient: readonly Method[]
  /** As the SDK has them, where Harbor's class overrides and calls them. */
  readonly ofSdk: readonly Method[]
  readonly sdk: object
}

type Method = readonly [name: string, method: unknown]

/** Methods that lead to a request. The SDK does not call them while it makes one. */
const ENTRY_POINTS = new Set([
  'constructor',
  'request',
  'methodRequest',
  'requestAPIList',
  'getAPIList',
  'get',
  'post',
  'put',
  'patch',
  'delete',
  'withOptions',
])

/** Every method that the SDK may call while it makes a request. A user may replace each, on one client or for all. */
export function methodsOf(prototype: object): SdkMethods {
  const sdk = Object.getPrototypeOf(prototype) as object
  const names = Object.getOwnPropertyNames(sdk).filter(
    (name) =>
      !ENTRY_POINTS.has(name) && typeof Object.getOwnPropertyDescriptor(sdk, name)?.value === 'function',
  )
  const originals = names.map((name) => [name, originalOf(sdk, name)] as const)
  const overrides = names.filter((name) => Object.hasOwn(prototype, name))
  return {
    ofClient: originals.map(([name, method]) => [
      name,
      overrides.includes(name) ? prototype[name as never] : method,
    ]),
    ofSdk: originals.filter(([name]) => overrides.includes(name)),
    sdk,
  }
}

/** A method of the SDK; for one that was replaced before Harbor was loaded, such as by an APM, a value that equals no method. */
export function originalOf(sdk: object, name: string): unknown {
  const method: unknown = sdk[name as never]
  if (typeof method !== 'function') return undefined
  const source = Function.prototype.toString.call(method)
  return new RegExp(`^(?:async\\s+)?${name}\\s*\\(`).test(source) ? method : REPLACED
}

const REPLACED: unique symbol = Symbol('harbor.replaced')

/**
 * Compares the methods of a client by identity: one that was replaced has to be called for each call.
 * @returns the name of the first method that was replaced
 */
export function replacedMethod({ ofClient, ofSdk, sdk }: SdkMethods, client: object): string | undefined {
  for (const [name, method] of ofClient) if (client[name as never] !== method) return name
  for (const [name, method] of ofSdk) if (sdk[name as never] !== method) return name
  return undefined
}
