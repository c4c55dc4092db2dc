//! One page of a B-tree: cells from its end on, their places from its beginning on
//! (<https://www.sqlite.org/fileformat2.html#b_tree_pages>). Knows nothing about other pages.

use super::pages::{PAGE_BYTES, PageNumber};

/// What a page is, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeKind {
    InteriorIndex,
    InteriorTable,
    LeafIndex,
    LeafTable,
}

impl NodeKind {
    const fn is_interior(self) -> bool {
        matches!(self, Self::InteriorIndex | Self::InteriorTable)
    }

    const fn header_bytes(self) -> usize {
        if self.is_interior() { 12 } else { 8 }
    }

    const fn flag(self) -> u8 {
        match self {
            Self::InteriorIndex => 0x02,
            Self::InteriorTable => 0x05,
            Self::LeafIndex => 0x0a,
            Self::LeafTable => 0x0d,
        }
    }
}

/// A page that is being filled.
#[derive(Debug)]
pub(super) struct Node {
    kind: NodeKind,
    page: Box<[u8; PAGE_BYTES]>,
    /// Where each cell begins.
    places: Vec<u16>,
    /// Where the last one begins.
    content: usize,
}

impl Node {
    pub(super) fn new(kind: NodeKind) -> Self {
        Self {
            kind,
            page: Box::new([0; PAGE_BYTES]),
            places: Vec::new(),
            content: PAGE_BYTES,
        }
    }

    /// Adds a cell after the others; `false` where there is no room.
    pub(super) fn push(&mut self, cell: &[u8]) -> bool {
        let taken = self.kind.header_bytes() + 2 * (self.places.len() + 1);
        let Some(content) = self
            .content
            .checked_sub(cell.len())
            .filter(|&at| at >= taken)
        else {
            return false;
        };
        let Ok(place) = u16::try_from(content) else {
            return false;
        };
        self.page[content..self.content].copy_from_slice(cell);
        self.places.push(place);
        self.content = content;
        true
    }

    /// Takes the last cell off.
    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        self.places.pop()?;
        let end = self
            .places
            .last()
            .map_or(PAGE_BYTES, |&place| usize::from(place));
        let cell = self.page[self.content..end].to_vec();
        self.content = end;
        Some(cell)
    }

    /// The page; of an interior one, with the child after its last cell.
    pub(super) fn page(&mut self, right: Option<PageNumber>) -> &[u8] {
        let header = self.kind.header_bytes();
        let places_end = header + 2 * self.places.len();
        self.page[places_end..self.content].fill(0);
        let count =
            u16::try_from(self.places.len()).expect("cells of four bytes and more in a page");
        let content = u16::try_from(self.content).expect("a page has fewer bytes than 2^16");
        self.page[..8].fill(0);
        self.page[0] = self.kind.flag();
        self.page[3..5].copy_from_slice(&count.to_be_bytes());
        self.page[5..7].copy_from_slice(&content.to_be_bytes());
        if let Some(right) = right {
            self.page[8..12].copy_from_slice(&right.to_be_bytes());
        }
        for (at, place) in self.places.iter().enumerate() {
            let at = header + 2 * at;
            self.page[at..at + 2].copy_from_slice(&place.to_be_bytes());
        }
        &self.page[..]
    }

    /// Begins another page.
    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.content = PAGE_BYTES;
    }
}
