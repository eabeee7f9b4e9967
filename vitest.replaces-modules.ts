/** Finds, in the text of a test file, a call that replaces or resets modules. Such a file needs a process of its own. */
export const REPLACES_MODULES = /\bvi\.(?:mock|doMock|resetModules)\(/
