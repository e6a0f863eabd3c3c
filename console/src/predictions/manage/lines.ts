/** Entries of a text with one entry a line, trimmed, without empty lines and repeats. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ''))];
}

/** `datetime-local` text in epoch milliseconds; `null` when empty or no date. */
export function localTime(text: string): number | null {
  const atMs = text === '' ? Number.NaN : new Date(text).getTime();
  return Number.isNaN(atMs) ? null : atMs;
}

export interface TreeNode {
  name: string;
  children: TreeNode[];
}

/** Targets as the server will arrange them: `:` separates levels, missing parents are made (TG3). */
export function targetTree(targets: readonly string[]): TreeNode[] {
  const roots: TreeNode[] = [];
  for (const target of targets) {
    let siblings = roots;
    for (const segment of target.split(':').map((part) => part.trim())) {
      const key = segment.toLowerCase();
      let node = siblings.find((sibling) => sibling.name.toLowerCase() === key);
      if (node === undefined) {
        node = { name: segment, children: [] };
        siblings.push(node);
      }
      siblings = node.children;
    }
  }
  return roots;
}
