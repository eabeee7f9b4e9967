import { describe, expect, it, onTestFinished } from 'vitest'
import { createHarborFetch, Harbor, perCall } from '../src/index.ts'
import { HARBOR_OPTIONS, OPTION_SCOPE } from '../src/options/option-scope.ts'

interface Scope {
  readonly client?: unknown
  readonly perCall?: unknown
  readonly in?: readonly string[]
}
const OPTIONS = Object.entries<Scope>(OPTION_SCOPE)
const CLIENT_OPTIONS = OPTIONS.filter(([, scope]) => scope.client)

function harbor(): Harbor {
  const made = new Harbor({ apiKey: 'key', logLevel: 'off' })
  onTestFinished(() => made.close())
  return made
}

/** What refuses the option by its name, in the words of the message; undefined when it is accepted. */
function refusalOf(name: string, words: string, give: () => unknown): string | undefined {
  try {
    give()
    return undefined
  } catch (error) {
    return error instanceof Error && error.message.includes(words) ? name : undefined
  }
}

describe('each option of the client', () => {
  it.each(CLIENT_OPTIONS)('is accepted by configure() only if the table says so: %s', (name, scope) => {
    const refusal = refusalOf(name, `${name} cannot change at run time`, () =>
      harbor().configure({ [name]: undefined }),
    )
    expect(refusal).toBe(scope.in?.includes('configure') ? undefined : name)
  })

  it.each(CLIENT_OPTIONS)('is accepted by withOptions() only if the table says so: %s', (name, scope) => {
    const isShared = Object.hasOwn(HARBOR_OPTIONS, name) && !scope.in?.includes('copy')
    const refusal = refusalOf(name, `${name} cannot change in a copy`, () =>
      harbor().withOptions({ [name]: {} }),
    )
    expect(refusal).toBe(isShared ? name : undefined)
  })

  it.each(CLIENT_OPTIONS)(
    'is accepted by createHarborFetch() only if the table says so: %s',
    (name, scope) => {
      const belongsToClient = scope.in?.includes('copy') && !scope.in.includes('fetch')
      const refusal = refusalOf(name, `${name} belongs to the client`, () => {
        const fetch = createHarborFetch({ [name]: undefined })
        onTestFinished(() => fetch.close())
      })
      expect(refusal).toBe(belongsToClient ? name : undefined)
    },
  )
})

describe('each option', () => {
  it.each(OPTIONS)('is accepted by perCall() only if the table says so: %s', (name, scope) => {
    const refusal = refusalOf(name, `Unknown option ${name}`, () => perCall({ [name]: undefined }))
    expect(refusal).toBe(scope.perCall ? undefined : name)
  })
})
