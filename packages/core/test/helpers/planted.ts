import { inspect } from 'node:util'

/** Texts that calls contain, and that nothing that Harbor reports may contain. */
export const PLANTED = {
  key: 'sk-planted-key-4f9d2c7be1',
  backupKey: 'sk-planted-backup-83ab10ff',
  header: 'planted-header-9c21d7e0',
  query: 'planted-query-51ee02ba',
  system: 'planted-system-message-about-wombats',
  prompt: 'planted-prompt-about-a-quokka',
  answer: 'planted-answer-with-eucalyptus',
} as const

/** The length of the parts of a planted text that are searched for, and the distance of their beginnings, in characters. */
const PART = 12
const STEP = 4

const PARTS: readonly (readonly [name: string, part: string])[] = Object.entries(PLANTED).flatMap(
  ([name, text]) =>
    [text, ...base64Of(text)].flatMap((form) =>
      Array.from(
        { length: Math.floor((form.length - PART) / STEP) + 1 },
        (_, at) => [name, form.slice(at * STEP, at * STEP + PART)] as const,
      ),
    ),
)

/** Returns the text in base64, for each place that it may have in a longer text, without what depends on its neighbours. */
function base64Of(text: string): readonly string[] {
  return ['', 'a', 'ab'].map((before) =>
    Buffer.from(before + text)
      .toString('base64')
      .slice(4, -4),
  )
}

/** Collects what reports of any kind contain of the planted texts. */
export class Leaks {
  readonly #found = new Set<string>()
  /** The number of reports that were searched. */
  searched = 0

  /** Searches a report: a text, an error or an object, with everything that can be read of it. @param where its name in `found` */
  search(where: string, report: unknown): void {
    this.searched++
    const text = typeof report === 'string' ? report : textOf(report)
    for (const [name, part] of PARTS) if (text.includes(part)) this.#found.add(`${where} contains ${name}`)
  }

  get found(): readonly string[] {
    return [...this.#found]
  }
}

function textOf(value: unknown): string {
  return inspect(value, {
    depth: Infinity,
    maxArrayLength: null,
    maxStringLength: null,
    showHidden: true,
    getters: true,
    breakLength: Infinity,
  })
}
