//! A B-tree from its leaves up, out of rows that come in its order: every page is written once and
//! is full (<https://www.sqlite.org/fileformat2.html#b_tree_pages>). Knows nothing about what the
//! rows mean.
//!
//! A page that is full is not written before it is known that something follows it: no page stays
//! empty, and none has a child only.

use std::io;
use std::sync::Arc;

use super::node::{Node, NodeKind};
use super::pages::{PAGE_BYTES, PageFile, PageNumber, PageWriter};
use super::record::{Record, put_varint};

/// Bytes of a row that stay in a table's page, and in an index's; a longer one goes on in pages of
/// its own (<https://www.sqlite.org/fileformat2.html#cell_payload_overflow_pages>).
const TABLE_LOCAL_MAX: usize = PAGE_BYTES - 35;
const INDEX_LOCAL_MAX: usize = (PAGE_BYTES - 12) * 64 / 255 - 23;

/// The least that stays of a longer one.
const LOCAL_MIN: usize = (PAGE_BYTES - 12) * 32 / 255 - 23;

/// Bytes of a page's number.
const PAGE_NUMBER_BYTES: usize = 4;

/// A page number and a cell, or what becomes one.
type Branch = (PageNumber, Vec<u8>);

/// The pages above the leaves.
#[derive(Debug)]
struct Branches {
    pages: PageWriter,
    root: PageNumber,
    kind: NodeKind,
    levels: Vec<Level>,
    cell: Vec<u8>,
}

impl Branches {
    fn new(file: &Arc<PageFile>, root: PageNumber, kind: NodeKind) -> Self {
        Self {
            pages: file.writer(),
            root,
            kind,
            levels: Vec::new(),
            cell: Vec::new(),
        }
    }
}

/// One level: its last page, and what did not fit there.
#[derive(Debug)]
struct Level {
    node: Node,
    next: Option<Branch>,
}

impl Branches {
    /// Adds a page with what separates it from the one after it, to a level: 0 is right above the
    /// leaves.
    fn push(&mut self, level: usize, child: PageNumber, key: Vec<u8>) -> io::Result<()> {
        let (mut at, mut child, mut key) = (level, child, key);
        loop {
            if at == self.levels.len() {
                let node = Node::new(self.kind);
                self.levels.push(Level { node, next: None });
            }
            let level = &mut self.levels[at];
            put_branch(&mut self.cell, child, &key);
            let Some((right, above)) = level.next.take() else {
                if !level.node.push(&self.cell) {
                    level.next = Some((child, key));
                }
                return Ok(());
            };
            let written = self.pages.write(level.node.page(Some(right)))?;
            level.node.clear();
            level.node.push(&self.cell);
            (child, key) = (written, above);
            at += 1;
        }
    }

    /// Ends the tree with its last leaf.
    fn finish(mut self, leaf: &mut Node) -> io::Result<()> {
        if self.levels.is_empty() {
            self.pages.write_root(self.root, leaf.page(None))?;
            return self.pages.finish();
        }
        let mut right = self.pages.write(leaf.page(None))?;
        let mut at = 0;
        loop {
            self.settle(at)?;
            let is_root = at + 1 == self.levels.len();
            let page = self.levels[at].node.page(Some(right));
            if is_root {
                self.pages.write_root(self.root, page)?;
                return self.pages.finish();
            }
            right = self.pages.write(page)?;
            at += 1;
        }
    }

    /// Gives what did not fit into a level's last page a page of its own, and that the last cell of
    /// the full one, which separates the two.
    fn settle(&mut self, at: usize) -> io::Result<()> {
        let level = &mut self.levels[at];
        let Some((child, key)) = level.next.take() else {
            return Ok(());
        };
        let last = level.node.pop().expect("a full page has cells");
        let (right, above) = last.split_at(PAGE_NUMBER_BYTES);
        let right = PageNumber::from_be_bytes(right.try_into().expect("split at its length"));
        let written = self.pages.write(level.node.page(Some(right)))?;
        level.node.clear();
        put_branch(&mut self.cell, child, &key);
        level.node.push(&self.cell);
        self.push(at + 1, written, above.to_vec())
    }
}

fn put_branch(cell: &mut Vec<u8>, child: PageNumber, key: &[u8]) {
    cell.clear();
    cell.extend_from_slice(&child.to_be_bytes());
    cell.extend_from_slice(key);
}

/// Appends a row's bytes as far as they stay in a cell. The others go into pages of their own, the
/// last one first, since each names the next.
fn put_payload(
    cell: &mut Vec<u8>,
    pages: &mut PageWriter,
    payload: &[u8],
    local_max: usize,
) -> io::Result<()> {
    if payload.len() <= local_max {
        cell.extend_from_slice(payload);
        return Ok(());
    }
    let of_page = PAGE_BYTES - PAGE_NUMBER_BYTES;
    let wanted = LOCAL_MIN + (payload.len() - LOCAL_MIN) % of_page;
    let local = if wanted <= local_max {
        wanted
    } else {
        LOCAL_MIN
    };
    let (stays, overflow) = payload.split_at(local);
    let mut next = [0; PAGE_NUMBER_BYTES];
    let mut page = Vec::with_capacity(PAGE_BYTES);
    for part in overflow.chunks(of_page).rev() {
        page.clear();
        page.extend_from_slice(&next);
        page.extend_from_slice(part);
        page.resize(PAGE_BYTES, 0);
        next = pages.write(&page)?.to_be_bytes();
    }
    cell.extend_from_slice(stays);
    cell.extend_from_slice(&next);
    Ok(())
}

/// A table whose rows have numbers.
#[derive(Debug)]
pub(super) struct TableTree {
    leaf: Node,
    branches: Branches,
    last: Vec<u8>,
    cell: Vec<u8>,
}

impl TableTree {
    /// A tree with this root, which the file has already.
    pub(super) fn new(file: &Arc<PageFile>, root: PageNumber) -> Self {
        Self {
            leaf: Node::new(NodeKind::LeafTable),
            branches: Branches::new(file, root, NodeKind::InteriorTable),
            last: Vec::new(),
            cell: Vec::new(),
        }
    }

    /// Adds a row, whose number is larger than all before it.
    pub(super) fn push(&mut self, number: i64, row: &[u8]) -> io::Result<()> {
        self.cell.clear();
        put_varint(&mut self.cell, row.len() as u64);
        let numbered = self.cell.len();
        put_varint(&mut self.cell, number.cast_unsigned());
        let number = self.cell[numbered..].to_vec();
        put_payload(
            &mut self.cell,
            &mut self.branches.pages,
            row,
            TABLE_LOCAL_MAX,
        )?;
        if !self.leaf.push(&self.cell) {
            let full = self.branches.pages.write(self.leaf.page(None))?;
            self.branches
                .push(0, full, std::mem::take(&mut self.last))?;
            self.leaf.clear();
            self.leaf.push(&self.cell);
        }
        self.last = number;
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.branches.finish(&mut self.leaf)
    }
}

/// An index, or a table `WITHOUT ROWID`.
#[derive(Debug)]
pub(super) struct IndexTree {
    leaf: Node,
    branches: Branches,
    /// What did not fit into the leaf: it stands above, between it and the next.
    next: Option<Vec<u8>>,
    row: Vec<u8>,
    cell: Vec<u8>,
}

impl IndexTree {
    /// A tree with this root, which the file has already.
    pub(super) fn new(file: &Arc<PageFile>, root: PageNumber) -> Self {
        Self {
            leaf: Node::new(NodeKind::LeafIndex),
            branches: Branches::new(file, root, NodeKind::InteriorIndex),
            next: None,
            row: Vec::new(),
            cell: Vec::new(),
        }
    }

    /// Adds a row that sorts after all before it.
    pub(super) fn push(&mut self, record: &Record) -> io::Result<()> {
        self.row.clear();
        record.write(&mut self.row);
        self.cell.clear();
        put_varint(&mut self.cell, self.row.len() as u64);
        put_payload(
            &mut self.cell,
            &mut self.branches.pages,
            &self.row,
            INDEX_LOCAL_MAX,
        )?;
        if let Some(between) = self.next.take() {
            let full = self.branches.pages.write(self.leaf.page(None))?;
            self.branches.push(0, full, between)?;
            self.leaf.clear();
        }
        if !self.leaf.push(&self.cell) {
            self.next = Some(self.cell.clone());
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        if let Some(last) = self.next.take() {
            let between = self.leaf.pop().expect("a full page has cells");
            let full = self.branches.pages.write(self.leaf.page(None))?;
            self.branches.push(0, full, between)?;
            self.leaf.clear();
            self.leaf.push(&last);
        }
        self.branches.finish(&mut self.leaf)
    }
}
