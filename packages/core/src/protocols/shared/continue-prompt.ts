/** Returns the text that asks a model to continue its broken answer, beginning with its last words. */
export function continuePrompt(anchor: string): string {
  return (
    'Your answer was cut off. Continue it exactly where it ends. Begin by repeating its last words, which follow after the colon, ' +
    `character for character, and go on from there. Write no introduction, no explanation and no code fence around it:\n${anchor}`
  )
}
