//! Colours, and how they turn dark. Each use has a colour of its own, by which a style finds it:
//! what knows no style shows the light ones.

use plotters::style::RGBColor;

/// A colour by light and by dark.
pub(super) struct Colour {
    pub(super) light: RGBColor,
    dark: RGBColor,
}

pub(super) const BACKGROUND: Colour = colour(0x00FF_FFFF, 0x000D_1117);
pub(super) const TEXT: Colour = colour(0x001F_2328, 0x00F0_F6FC);
pub(super) const MUTED: Colour = colour(0x0059_636E, 0x0091_98A1);
pub(super) const GRID: Colour = colour(0x00D1_D9E0, 0x003D_444D);
pub(super) const EMPTY: Colour = colour(0x00EF_F2F5, 0x0015_1B23);
pub(super) const BAR: Colour = colour(0x0009_69DA, 0x0044_93F8);

const ALL: [&Colour; 6] = [&BACKGROUND, &TEXT, &MUTED, &GRID, &EMPTY, &BAR];

const fn colour(light: u32, dark: u32) -> Colour {
    Colour {
        light: rgb(light),
        dark: rgb(dark),
    }
}

const fn rgb(number: u32) -> RGBColor {
    let [_, red, green, blue] = number.to_be_bytes();
    RGBColor(red, green, blue)
}

/// The style that turns the colours dark for who prefers that.
pub(super) fn style() -> String {
    let mut style = String::from("@media (prefers-color-scheme: dark) {");
    for Colour { light, dark } in ALL {
        let (light, dark) = (hex(*light), hex(*dark));
        for property in ["fill", "stroke"] {
            style.push_str(&format!(
                " [{property}=\"{light}\"] {{ {property}: {dark}; }}"
            ));
        }
    }
    style.push_str(" }");
    style
}

fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}
