/**
 * Puts the blocks of one kind, such as those of text, into the order in which they started. A model may send the pieces of several blocks
 * in turn, each with the id of its block. The pieces of one block are passed on at once; those of the blocks after it wait for its end.
 */
export class BlockOrder {
  /** The blocks that have not ended, or that wait, in their order. */
  readonly #blocks = new Map<string, Block>()

  start(id: string): void {
    if (!this.#blocks.has(id)) this.#blocks.set(id, { waiting: '', hasEnded: false })
  }

  /** Adds a piece. Returns the text that is next in order; an empty text if it has to wait. */
  piece(id: string, text: string): string {
    this.start(id)
    for (const [first, block] of this.#blocks) {
      if (first === id) return text
      if (!block.hasEnded) break
    }
    const block = this.#blocks.get(id)
    if (block) block.waiting += text
    return ''
  }

  /** Ends a block. Returns the text of the blocks that waited for this end. */
  end(id: string): string {
    const ended = this.#blocks.get(id)
    if (ended) ended.hasEnded = true
    let text = ''
    for (const [first, block] of this.#blocks) {
      text += block.waiting
      block.waiting = ''
      if (!block.hasEnded) break
      this.#blocks.delete(first)
    }
    return text
  }

  /** Ends all blocks. Returns the text that still waits. */
  endAll(): string {
    let text = ''
    for (const { waiting } of this.#blocks.values()) text += waiting
    this.#blocks.clear()
    return text
  }
}

interface Block {
  /** The text that waits for the blocks before this one. */
  waiting: string
  hasEnded: boolean
}
