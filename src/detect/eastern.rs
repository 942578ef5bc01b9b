//! What is written in Chinese, Japanese and Korean texts: words without spaces between them, dates
//! with signs for year, month and day, honorifics behind names.

use std::ops::Range;

/// Bytes of a character of these scripts.
const CHARACTER: usize = 3;
/// Characters of the longest name, with a space.
const NAME_MAX: usize = 8;
/// Characters of the shortest: a surname and a given name.
const NAME_MIN: usize = 3;

/// What stands behind a name that is somebody's, perhaps behind a space.
const HONORIFICS: [&str; 10] =
    ["様", "さま", "さん", "殿", "氏", "先生", "女士", "씨", "님", "환자"];

/// Words behind which a number to call stands.
const CALLED: [&str; 17] = [
    "電話",
    "電話番号",
    "携帯",
    "携帯電話",
    "連絡先",
    "电话",
    "电话号码",
    "联系电话",
    "手机",
    "手机号",
    "전화",
    "전화번호",
    "휴대폰",
    "연락처",
    "телефон",
    "тел",
    "τηλ",
];

/// Whether words beginning with this byte stand beside others without a space between: Kana, Han
/// and Hangul.
pub(super) fn is_unspaced(byte: u8) -> bool {
    (0xe3..=0xed).contains(&byte)
}

/// Whether `before` ends with a word for calling, perhaps with a colon behind it.
pub(super) fn is_called(before: &[u8]) -> bool {
    let mut rest = before;
    while let Some(shorter) = [" ", ":", "：", ".", "\u{3000}", "\t"]
        .iter()
        .find_map(|mark| rest.strip_suffix(mark.as_bytes()))
    {
        rest = shorter;
    }
    let lower = |word: &&str| {
        let Some(at) = rest.len().checked_sub(word.len()) else { return false };
        let end = rest.get(at..).and_then(|end| std::str::from_utf8(end).ok());
        let alone = || {
            is_unspaced(word.as_bytes().first().copied().unwrap_or(0))
                || at.checked_sub(1).and_then(|at| rest.get(at)).is_none_or(|b| b.is_ascii())
        };
        end.is_some_and(|end| end.to_lowercase() == **word) && alone()
    };
    rest.last().is_some_and(|b| !b.is_ascii()) && CALLED.iter().any(lower)
}

/// `1961年3月14日`, `1961년 3월 14일`; the anchor is where its digits begin.
pub(super) fn date_eastern(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    let rest = text.get(anchor.start..)?;
    let year = rest.get(..4)?.iter().all(u8::is_ascii_digit);
    let mut at = 4;
    for (signs, digits) in [(["年", "년"], 0), (["月", "월"], 2), (["日", "일"], 2)] {
        let begun = at;
        while at < begun + digits && rest.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        let behind = rest.get(at..)?;
        let sign = signs.iter().any(|sign| behind.starts_with(sign.as_bytes()));
        if !year || !sign || digits > 0 && at == begun {
            return None;
        }
        at += CHARACTER;
        at += usize::from(rest.get(at) == Some(&b' ') && signs != ["日", "일"]);
    }
    Some(anchor.start..anchor.start + at)
}

/// A name of Han, Kana or Hangul behind a label, before an honorific: `患者：山田太郎 様`.
pub(super) fn name_eastern(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    let rest = text.get(anchor.end..)?;
    let space = usize::from(rest.first() == Some(&b' '));
    let rest = rest.get(space..)?;
    let (mut at, mut count) = (0, 0);
    while count < NAME_MAX {
        let behind = rest.get(at..)?;
        let gap = usize::from(behind.first() == Some(&b' '));
        let honoured = behind.get(gap..).unwrap_or_default();
        if count >= NAME_MIN && HONORIFICS.iter().any(|end| honoured.starts_with(end.as_bytes())) {
            let start = anchor.end + space;
            return Some(start..start + at);
        }
        at += gap;
        let letters = std::str::from_utf8(rest.get(at..at + CHARACTER)?).ok()?;
        letters.chars().all(is_of_name).then_some(())?;
        at += CHARACTER;
        count += 1;
    }
    None
}

fn is_of_name(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '々')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_a_sign_behind_each_number() {
        let date = |text: &'static str| {
            let range = date_eastern(text.as_bytes(), 0..1)?;
            text.get(range)
        };
        assert_eq!(date("1961年3月14日、"), Some("1961年3月14日"));
        assert_eq!(date("1961년 3월 14일생"), Some("1961년 3월 14일"));
        for text in
            ["1961年3月", "61年3月14日", "1961年月14日", "1961-03-14", "1961年", "1961年123月1日"]
        {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn names_stand_between_a_label_and_an_honorific() {
        let name = |text: &'static str| {
            let label = text.find('：')? + CHARACTER;
            let range = name_eastern(text.as_bytes(), 0..label)?;
            text.get(range)
        };
        assert_eq!(name("患者：山田太郎 様、"), Some("山田太郎"));
        assert_eq!(name("患者： 山田 太郎さん"), Some("山田 太郎"));
        assert_eq!(name("환자：김철수님"), Some("김철수"));
        for text in [
            "患者：山田太郎",
            "患者：様",
            "患者：皆様",
            "患者：12様",
            "患者：高血圧症の治療を継続中の患者様",
            "患者：",
        ] {
            assert_eq!(name(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_called_by_words_of_any_script() {
        for text in ["、電話 ", "電話番号：", "전화: ", "Телефон: ", "тел. "] {
            assert!(is_called(text.as_bytes()), "{text}");
        }
        for text in ["отель ", "注文 ", "", " ", "стел. "] {
            assert!(!is_called(text.as_bytes()), "{text}");
        }
    }
}
