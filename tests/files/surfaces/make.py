"""Writes the small surfaces of this folder: one closed square tube in every form of every format.

Needs numpy, vtk and pyvista (written with vtk 9.7.1, pyvista 0.49.1). Run it in this folder.
The tube is 1 x 1 x 4: four walls (patch 1 or "wall"), an inlet at z = 0 (2), an outlet at z = 4 (3).
"""

import pathlib
import struct

import numpy as np
import pyvista as pv
import vtk

HERE = pathlib.Path(__file__).parent
POINTS = np.array([[x, y, z] for z in (0, 4) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))], float)
QUADS = [[k, (k + 1) % 4, (k + 1) % 4 + 4, k + 4] for k in range(4)] + [[0, 3, 2, 1], [4, 5, 6, 7]]
IDS = [1, 1, 1, 1, 2, 3]
NAMES = {1: "wall", 2: "inlet", 3: "outlet"}
TRIANGLES = [t for a, b, c, d in QUADS for t in ([a, b, c], [a, c, d])]


def polydata(cells, ids, strips=False, extra=False, single=False):
    mesh = vtk.vtkPolyData()
    points = vtk.vtkPoints()
    points.SetDataType(vtk.VTK_FLOAT if single else vtk.VTK_DOUBLE)
    for p in POINTS:
        points.InsertNextPoint(p)
    mesh.SetPoints(points)
    array = vtk.vtkCellArray()
    for cell in cells:
        array.InsertNextCell(len(cell), cell)
    (mesh.SetStrips if strips else mesh.SetPolys)(array)
    values = list(ids)
    if extra:  # a vertex cell and a line, which come first in cell data
        verts, lines = vtk.vtkCellArray(), vtk.vtkCellArray()
        verts.InsertNextCell(1, [0])
        lines.InsertNextCell(2, [0, 4])
        mesh.SetVerts(verts)
        mesh.SetLines(lines)
        values = [7, 8] + values
    faces = vtk.vtkIntArray()
    faces.SetName("ModelFaceID")
    for value in values:
        faces.InsertNextValue(value)
    normals = vtk.vtkFloatArray()
    normals.SetName("some normals")
    normals.SetNumberOfComponents(3)
    for k in range(len(values)):
        normals.InsertNextTuple3(0, k, 1)
    mesh.GetCellData().AddArray(normals)
    mesh.GetCellData().AddArray(faces)
    distance = vtk.vtkDoubleArray()
    distance.SetName("distance")
    for p in POINTS:
        distance.InsertNextValue(p[2])
    mesh.GetPointData().SetScalars(distance)
    return mesh


def write_vtp(name, mesh, mode="appended", encode=True, compressor=None, header=32, big=False, ids=64):
    writer = vtk.vtkXMLPolyDataWriter()
    writer.SetInputData(mesh)
    writer.SetFileName(str(HERE / f"{name}.vtp"))
    {"ascii": writer.SetDataModeToAscii, "inline": writer.SetDataModeToBinary,
     "appended": writer.SetDataModeToAppended}[mode]()
    writer.SetEncodeAppendedData(encode)
    {None: writer.SetCompressorTypeToNone, "zlib": writer.SetCompressorTypeToZLib,
     "lz4": writer.SetCompressorTypeToLZ4, "lzma": writer.SetCompressorTypeToLZMA}[compressor]()
    (writer.SetHeaderTypeToUInt64 if header == 64 else writer.SetHeaderTypeToUInt32)()
    (writer.SetByteOrderToBigEndian if big else writer.SetByteOrderToLittleEndian)()
    (writer.SetIdTypeToInt64 if ids == 64 else writer.SetIdTypeToInt32)()
    writer.SetBlockSize(64)  # several blocks, the last one shorter
    assert writer.Write()


def write_vtk(name, mesh, binary, version):
    writer = vtk.vtkPolyDataWriter()
    writer.SetInputData(mesh)
    writer.SetFileName(str(HERE / f"{name}.vtk"))
    (writer.SetFileTypeToBinary if binary else writer.SetFileTypeToASCII)()
    writer.SetFileVersion(version)
    assert writer.Write()


def vtp():
    mesh = polydata(TRIANGLES, np.repeat(IDS, 2))
    write_vtp("ascii", mesh, "ascii")
    for compressor in (None, "zlib", "lz4"):
        for header in (32, 64):
            write_vtp(f"inline_{compressor}_{header}", mesh, "inline", True, compressor, header)
            write_vtp(f"base64_{compressor}_{header}", mesh, "appended", True, compressor, header)
            write_vtp(f"raw_{compressor}_{header}", mesh, "appended", False, compressor, header)
    write_vtp("big_endian_raw", mesh, encode=False, big=True, header=64)
    write_vtp("big_endian_zlib_int32", mesh, "inline", compressor="zlib", big=True, ids=32)
    write_vtp("lzma", mesh, compressor="lzma")
    write_vtp("single_int32", polydata(TRIANGLES, np.repeat(IDS, 2), single=True), encode=False, ids=32)
    write_vtp("quads", polydata(QUADS, IDS, extra=True), compressor="zlib")
    strips = [[b, c, a, d] for a, b, c, d in QUADS]
    write_vtp("strips", polydata(strips, IDS, strips=True, extra=True), "ascii")
    pieces()
    pv.wrap(mesh).save(HERE / "pyvista.vtp")


def pieces():
    """Two pieces in one file, as parallel writers leave them."""
    text = '<VTKFile type="PolyData" version="0.1" byte_order="LittleEndian">\n<PolyData>\n'
    for part in (slice(0, 4), slice(4, 12)):
        triangles, ids = TRIANGLES[part], np.repeat(IDS, 2)[part]
        used = sorted({i for t in triangles for i in t})
        arrays = {
            "Points": [("Float32", 'NumberOfComponents="3"', POINTS[used].ravel())],
            "Polys": [("Int32", 'Name="connectivity"', [used.index(i) for t in triangles for i in t]),
                      ("Int32", 'Name="offsets"', 3 * np.arange(1, len(triangles) + 1))],
            "CellData": [("Int64", 'Name="ModelFaceID"', ids)],
        }
        text += f'<Piece NumberOfPoints="{len(used)}" NumberOfPolys="{len(triangles)}">\n'
        for element, content in arrays.items():
            text += f"<{element}>\n"
            for kind, attribute, values in content:
                values = " ".join(f"{v:g}" for v in values)
                text += f'<DataArray type="{kind}" {attribute} format="ascii">{values}</DataArray>\n'
            text += f"</{element}>\n"
        text += "</Piece>\n"
    (HERE / "pieces.vtp").write_text(text + "</PolyData>\n</VTKFile>\n")


def legacy():
    mesh = polydata(TRIANGLES, np.repeat(IDS, 2))
    quads = polydata(QUADS, IDS, extra=True)
    strips = polydata([[b, c, a, d] for a, b, c, d in QUADS], IDS, strips=True, extra=True)
    for version in (42, 51):
        for binary in (False, True):
            kind = "binary" if binary else "ascii"
            write_vtk(f"{kind}_{version}", mesh, binary, version)
            write_vtk(f"quads_{kind}_{version}", quads, binary, version)
            write_vtk(f"strips_{kind}_{version}", strips, binary, version)
    pv.wrap(mesh).save(HERE / "pyvista.vtk")
    lines = ["# vtk DataFile Version 3.0", "by hand", "ASCII", "DATASET POLYDATA", "FIELD FieldData 1",
             "TIME 1 1 double", "0.5", f"POINTS {len(POINTS)} float"]
    lines += [" ".join(f"{x:g}" for x in p) for p in POINTS]
    lines += [f"POLYGONS {len(QUADS)} {5 * len(QUADS)}"] + [f"4 {a} {b} {c} {d}" for a, b, c, d in QUADS]
    lines += ["CELL_DATA 6", "SCALARS ModelFaceID int 1", "LOOKUP_TABLE colours"] + [str(i) for i in IDS]
    lines += ["LOOKUP_TABLE colours 2", "0 0 0 1", "1 1 1 1", "NORMALS n float"] + ["0 0 1"] * 6
    lines += ["POINT_DATA 8", "TEXTURE_COORDINATES t 2 float"] + ["0 1"] * 8 + ["COLOR_SCALARS c 3"] + ["0 .5 1"] * 8
    (HERE / "by_hand_30.vtk").write_text("\r\n".join(lines) + "\r\n")


def facets(triangles):
    text = ""
    for t in triangles:
        corners = "".join("      vertex {:g} {:g} {:g}\n".format(*POINTS[i]) for i in t)
        text += f"  facet normal 0 0 0\n    outer loop\n{corners}    endloop\n  endfacet\n"
    return text


def stl():
    solids = ""
    for number, name in NAMES.items():
        part = [t for t, i in zip(TRIANGLES, np.repeat(IDS, 2)) if i == number]
        solids += f"solid {name}\n{facets(part)}endsolid {name}\n"
    (HERE / "solids.stl").write_text(solids)
    (HERE / "solids_upper_crlf.stl").write_bytes(solids.upper().replace("\n", "\r\n").encode())
    records = b"".join(
        struct.pack("<12fH", 0, 0, 0, *POINTS[t].ravel(), 0) for t in np.array(TRIANGLES))
    binary = b"solid tube".ljust(80) + struct.pack("<I", len(TRIANGLES)) + records
    (HERE / "binary_solid.stl").write_bytes(binary)
    (HERE / "binary_trailing.stl").write_bytes(binary + b"trailing garbage")
    mesh = pv.wrap(polydata(TRIANGLES, np.repeat(IDS, 2)))
    mesh.save(HERE / "pyvista_binary.stl", binary=True)
    mesh.save(HERE / "pyvista_ascii.stl", binary=False)


def obj():
    lines = ["# tube", "mtllib none.mtl"] + ["v {:g} {:g} {:g}".format(*p) for p in POINTS]
    lines += ["vt 0 0", "vn 0 0 1"]
    for number, name in NAMES.items():
        lines += [f"g {name}", "usemtl grey"]
        for quad in (q for q, i in zip(QUADS, IDS) if i == number):
            lines += ["f " + " ".join(f"{i + 1}/1/1" for i in quad)]
    (HERE / "groups.obj").write_text("\n".join(lines) + "\n")
    relative = "".join("v {:g} {:g} {:g}\n".format(*p) for p in POINTS)
    relative += "".join(f"f {a - 8} {b - 8} \\\n {c - 8}\n" for a, b, c in TRIANGLES)
    (HERE / "relative.obj").write_text(relative)
    pv.wrap(polydata(TRIANGLES, np.repeat(IDS, 2))).save(HERE / "pyvista.obj")


vtp()
legacy()
stl()
obj()
