//! Numbers of natural persons by country: one file each, named by the country's code (ISO 3166-1;
//! by the country's name where the code is a word of the language). Each is written from its
//! issuer's specification, which its comment names; `tests/stdnum.rs` compares them with
//! python-stdnum.

mod ar;
mod at;
mod au;
mod be;
mod bg;
mod br;
mod ca;
mod ch;
mod cl;
mod cn;
mod cr;
mod cu;
mod cz;
mod de;
mod dk;
mod dominican;
mod ec;
mod ee;
mod es;
mod eu;
mod fi;
mod fr;
mod gb;
mod gr;
mod hr;
mod hu;
mod iceland;
mod id;
mod ie;
mod il;
mod india;
mod it;
mod jp;
mod ke;
mod kr;
mod lv;
mod mx;
mod my;
mod nl;
mod no;
mod nz;
mod pe;
mod pk;
mod pl;
mod pt;
mod registry;
mod ro;
mod ru;
mod se;
mod sg;
mod si;
mod th;
mod tr;
mod tw;
mod ua;
mod us;
mod ve;
mod vn;
mod za;

#[cfg(test)]
mod tests;

pub(super) use registry::NATIONAL;
