/**
 * The original methods of the SDK's client that may take part in a request. They are compared with the current methods, to notice that a
 * user has replaced one.
 */
export interface SdkMethods {
  /** The methods that an unchanged client of Harbor's class has. */
  readonly ofClient: readonly Method[]
  /** The SDK's methods that Harbor's class overrides and calls. */
  readonly ofSdk: readonly Method[]
  readonly sdk: object
}

type Method = readonly [name: string, method: unknown]

/** The methods with which a caller starts a request. They need no check, because the SDK does not call them during a request. */
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

/** Collects all methods that the SDK may call during a request. A user may replace any of them, on one client or on the class. */
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

/**
 * Returns the SDK's own method, for comparison by identity. If the method was replaced before Harbor was loaded, for example by an APM
 * tool, returns a value that equals no method, so that the comparison fails.
 */
export function originalOf(sdk: object, name: string): unknown {
  const method: unknown = sdk[name as never]
  if (typeof method !== 'function') return undefined
  const source = Function.prototype.toString.call(method)
  return new RegExp(`^(?:async\\s+)?${name}\\s*\\(`).test(source) ? method : REPLACED
}

const REPLACED: unique symbol = Symbol('harbor.replaced')

/**
 * Finds a method of a client that a user has replaced. While there is one, no call is sent directly, because the replacement must be called
 * for each call.
 * @returns the name of the first replaced method; undefined if there is none
 */
export function replacedMethod({ ofClient, ofSdk, sdk }: SdkMethods, client: object): string | undefined {
  for (const [name, method] of ofClient) if (client[name as never] !== method) return name
  for (const [name, method] of ofSdk) if (sdk[name as never] !== method) return name
  return undefined
}
