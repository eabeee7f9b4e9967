import type { Rule } from 'eslint'

/**
 * Words that readers of Harbor had to read twice, and the words of the field to write instead. ESLint looks for them in comments and in the
 * titles of tests, `scripts/test/plain-words.test.ts` in every Markdown file.
 */
export const puzzlingWords: readonly { readonly words: RegExp; readonly instead: string }[] = [
  { words: /\b(?:told|tells?|telling)\b/i, instead: 'reports, notifies, returns, says' },
  { words: /\b(?:nobody|somebody|everybody)\b/i, instead: 'no caller, another caller, every caller' },
  { words: /\b(?:whoever|whomever|whom|whosever)\b/i, instead: 'the caller that, a caller' },
  { words: /\b(?:his|him|he|himself)\b/i, instead: 'its, it' },
  { words: /\bso many\b/i, instead: 'at most N, the number of' },
  { words: /\banew\b/i, instead: 'again' },
  { words: /\bdear(?:er|est)?\b/i, instead: 'expensive, slow' },
  { words: /\bheed(?:s|ed|ing)?\b/i, instead: 'honours, obeys' },
  { words: /\b(?:stand(?:s|ing)? in for|stand-ins?)\b/i, instead: 'takes over, replaces' },
  { words: /\b(?:hand(?:s|ed|ing)?|give[sn]?|gave) out\b/i, instead: 'delivers, returns' },
  { words: /\bput(?:s|ting)? by\b/i, instead: 'buffers, stores' },
  { words: /\b(?:is|are|was|were) come by\b/i, instead: 'is obtained' },
  { words: /\b(?:thereof|whereof|thereby|whence|thence|hitherto|lest|forthwith)\b/i, instead: 'plain words' },
]

/** One puzzling word of a text. */
export interface PuzzlingWord {
  readonly found: string
  readonly instead: string
  /** Characters from the start of the text. */
  readonly at: number
}

/** The puzzling words of a text. @param text prose; code in backticks is skipped */
export function puzzlingWordsIn(text: string): PuzzlingWord[] {
  const prose = text.replace(/`[^`\n]*`/g, (code) => ' '.repeat(code.length))
  return puzzlingWords.flatMap(({ words, instead }) =>
    [...prose.matchAll(new RegExp(words, 'gi'))].map((match) => ({
      found: match[0],
      instead,
      at: match.index,
    })),
  )
}

type Node = Rule.Node | Parameters<NonNullable<Rule.NodeListener['CallExpression']>>[0]['callee']

const TITLED = new Set(['it', 'describe', 'test'])

/** The function at the root of a call such as `it.each(table)(title)`: `it`. */
function rootName(node: Node): string | undefined {
  switch (node.type) {
    case 'Identifier':
      return node.name
    case 'MemberExpression':
      return rootName(node.object)
    case 'CallExpression':
      return rootName(node.callee)
    case 'TaggedTemplateExpression':
      return rootName(node.tag)
    default:
      return undefined
  }
}

/** An ESLint rule: no puzzling word in a comment, or in the title of a test. */
export const plainWords: Rule.RuleModule = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { puzzling: '"{{found}}" is hard to read here. Write: {{instead}}.' },
  },
  create(context) {
    const { sourceCode } = context
    const report = (text: string, start: number): void => {
      for (const { found, instead, at } of puzzlingWordsIn(text)) {
        const loc = {
          start: sourceCode.getLocFromIndex(start + at),
          end: sourceCode.getLocFromIndex(start + at + found.length),
        }
        context.report({ loc, messageId: 'puzzling', data: { found, instead } })
      }
    }
    return {
      Program() {
        for (const { value, range } of sourceCode.getAllComments()) if (range) report(value, range[0] + 2)
      },
      CallExpression({ callee, arguments: [title] }) {
        if (!TITLED.has(rootName(callee) ?? '') || title?.type !== 'Literal') return
        if (typeof title.value === 'string' && title.range) report(title.value, title.range[0] + 1)
      },
    }
  },
}
