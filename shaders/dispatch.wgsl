// One thread a number: a linear index over the x and y groups of a dispatch, whose count along x is limited.

const WORKGROUP = 128u;

fn thread(group: vec3<u32>, groups: vec3<u32>, local: u32) -> u32 {
    return (group.y * groups.x + group.x) * WORKGROUP + local;
}
