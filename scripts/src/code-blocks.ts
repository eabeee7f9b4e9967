export interface CodeBlock {
  /** The first word after the fence: `ts`. */
  language: string
  /** The words after it: `run`. */
  marks: string[]
  /** The line of the document on which the code begins, counted from 1. */
  line: number
  code: string
}

/** Every fenced code block of a Markdown document. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let open:
    | { fence: string; indent: string; language: string; marks: string[]; line: number; lines: string[] }
    | undefined
  markdown.split(/\r?\n/).forEach((text, index) => {
    const [, indent = '', fence = '', info = ''] = /^(\s*)(`{3,}|~{3,})\s*(.*)$/.exec(text) ?? []
    if (open === undefined) {
      if (fence === '') return
      const [language = '', ...marks] = info.trim().split(/\s+/)
      open = { fence, indent, language, marks, line: index + 2, lines: [] }
    } else if (fence.startsWith(open.fence) && info === '') {
      const { language, marks, line, lines } = open
      blocks.push({ language, marks, line, code: lines.join('\n') })
      open = undefined
    } else {
      // A block inside a list is indented as the list is.
      open.lines.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text)
    }
  })
  return blocks
}
