//! `hull images --tree`: names grouped by image.
//!
//! Invariant: an image that a container uses is marked `U`.

use hull_engine::image::list::ImageSummary;
use hull_model::size::human_with;

use super::short::short;
use crate::render::table::align;

/// The images, each under its names.
pub(super) fn tree(images: &[ImageSummary]) -> String {
    let mut text = String::from("IMAGE\tID\tDISK USAGE\tEXTRA\n");
    for image in images {
        let used = if image.containers > 0 { "U" } else { "" };
        let names = match image.repo_tags.as_slice() {
            [] => vec!["<untagged>".to_owned()],
            names => names.to_vec(),
        };
        let (id, size) = (short(&image.id), human_with(image.size, 3));
        for (index, name) in names.iter().enumerate() {
            match index + 1 == names.len() {
                true => text.push_str(&format!("{name}\t{id}\t{size}\t{used}\n")),
                false => text.push_str(&format!("{name}\t\t\t\n")),
            }
        }
    }
    let mut lines = String::new();
    for line in align(&text, 0).lines() {
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    lines
}
