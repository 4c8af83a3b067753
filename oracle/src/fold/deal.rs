//! Values dealt to numbered owners: two flat vectors instead of a list for each.

/// Of each owner some values, in the order in which they were dealt.
pub struct Dealt<T> {
    begin: Vec<u32>,
    values: Vec<T>,
}

impl<T: Copy + Default> Dealt<T> {
    /// Deals pairs of owner and value, which `pairs` goes through twice.
    pub fn new<I: Iterator<Item = (usize, T)>>(owners: usize, pairs: impl Fn() -> I) -> Dealt<T> {
        let mut begin = vec![0u32; owners + 1];
        pairs().for_each(|(owner, _)| begin[owner + 1] += 1);
        for i in 1..begin.len() {
            begin[i] += begin[i - 1];
        }
        let mut values = vec![T::default(); begin[owners] as usize];
        let mut next = begin.clone();
        pairs().for_each(|(owner, value)| {
            values[next[owner] as usize] = value;
            next[owner] += 1;
        });
        Dealt { begin, values }
    }

    /// The values of an owner.
    pub fn of(&self, owner: usize) -> &[T] {
        &self.values[self.begin[owner] as usize..self.begin[owner + 1] as usize]
    }
}
