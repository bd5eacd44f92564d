/**
 * A history as `git log --graph` draws it, oldest first: parents before children, every fork a
 * rail of its own. The child on the main line stays in its parent's lane and is drawn last; the
 * others leave to the right, one after the other, so a linear history of any depth stays in one
 * lane, and lanes count forks inside forks.
 */
import { displayWidth } from './display-width';
import { marksOf } from './marks';
import type { Style } from './style';

export interface RailNode {
  readonly id: string;
  readonly parentId: string | null;
  readonly mark: string;
  /** On the line to the current state; at most one child of a node. */
  readonly main: boolean;
  /** The node's lines for the columns that are left to the right of the rails; at least one. */
  readonly lines: (room: number) => readonly string[];
  /** Words on the line where this node's lane leaves its parent's. */
  readonly onFork?: (room: number) => string;
  /** A blank rail line under the node, so that blocks of several lines stand apart. */
  readonly spaced?: boolean;
}

/** Between a mark and its text. */
const GAP = '  ';

/**
 * Every node once, in lanes. A node whose parent is not there, or that would be its own ancestor,
 * starts a lane of its own; `nodes` gives the order of siblings.
 */
export function drawRails(nodes: readonly RailNode[], style: Style): string[] {
  return new Drawing(nodes, style).draw();
}

class Drawing {
  private readonly children = new Map<string | null, RailNode[]>();
  private readonly sizes = new Map<RailNode, number>();
  private readonly out: string[] = [];

  constructor(
    nodes: readonly RailNode[],
    private readonly style: Style,
  ) {
    const ids = new Set<string>();
    // Parents stand before children: a parent that comes later, or never, is none.
    for (const node of nodes) {
      const parent = node.parentId !== null && ids.has(node.parentId) ? node.parentId : null;
      const siblings = this.children.get(parent);
      if (siblings === undefined) this.children.set(parent, [node]);
      else siblings.push(node);
      ids.add(node.id);
    }
    for (const node of [...nodes].reverse()) {
      const below = this.childrenOf(node).reduce((sum, child) => sum + this.sizeOf(child), 0);
      this.sizes.set(node, 1 + below);
    }
  }

  draw(): string[] {
    const roots = this.children.get(null) ?? [];
    for (const [index, root] of roots.entries()) {
      if (index > 0) this.out.push('');
      this.drawLane(root, '');
    }
    return this.out;
  }

  /** A lane from its first node to its end; recursion only where a lane leaves it. */
  private drawLane(first: RailNode, rails: string): void {
    const { rail, fork } = marksOf(this.style);
    const { dim } = this.style.palette;
    let node: RailNode | undefined = first;
    while (node !== undefined) {
      const all = this.childrenOf(node);
      const next = this.mainChild(all);
      this.drawNode(node, rails, next !== undefined);
      for (const child of all) {
        if (child === next) continue;
        const room = this.style.width - displayWidth(rails + fork + GAP);
        const words = child.onFork === undefined ? '' : GAP + child.onFork(room);
        this.out.push(rails + dim(fork) + words);
        this.drawLane(child, `${rails}${dim(rail)} `);
      }
      node = next;
    }
  }

  private drawNode({ mark, lines, spaced }: RailNode, rails: string, goesOn: boolean): void {
    const { rail } = marksOf(this.style);
    const room = this.style.width - displayWidth(rails) - displayWidth(mark) - GAP.length;
    const under = `${rails}${goesOn ? this.style.palette.dim(rail) : ' '}`;
    for (const [index, line] of lines(room).entries()) {
      this.out.push(`${index === 0 ? rails + mark : under}${GAP}${line}`.trimEnd());
    }
    if (spaced) this.out.push(under.trimEnd());
  }

  /** Towards the current state; without one the largest subtree, which keeps the lanes few. */
  private mainChild(all: readonly RailNode[]): RailNode | undefined {
    return (
      all.find(child => child.main) ??
      all.reduce<RailNode | undefined>(
        (best, child) =>
          best === undefined || this.sizeOf(child) > this.sizeOf(best) ? child : best,
        undefined,
      )
    );
  }

  private childrenOf(node: RailNode): readonly RailNode[] {
    return this.children.get(node.id) ?? [];
  }

  private sizeOf(node: RailNode): number {
    return this.sizes.get(node) ?? 1;
  }
}
